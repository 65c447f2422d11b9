"""MkDocs adapter: the generated pages and assets as files of the build. The only module that imports mkdocs."""

import os
from pathlib import Path
from typing import Literal

from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import BasePlugin, get_plugin_logger
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page as SitePage
from mkdocs.utils.templates import TemplateContext

from digest import addresses, assets, corpus, figures, pages, problems, render
from digest.opaque import Opaque
from digest.typeset import TypesetError

_LOG = get_plugin_logger("theory-digest")
_HIDDEN = (".yml", ".yaml")  # content sources; their pages are published, they are not
_RUNS = addresses.FOLDERS["run"]  # the files of records come with the pages, those that belong to a record
_PACKAGE = Path(__file__).parent


class Options(Config):  # type: ignore[no-untyped-call]
    """The plugin has no settings."""


class DigestPlugin(BasePlugin[Options]):  # type: ignore[no-untyped-call]
    """Turns the content directory's YAML into pages."""

    def __init__(self) -> None:
        self._sources: dict[str, str | None] = {}  # a page's file -> the content file that it shows
        self._texts: dict[str, bytes] = {}
        self._opaque = Opaque()
        self._embeddings: dict[str, str] = {}
        self._files: dict[str, bytes] = {}
        self._assets: tuple[assets.Asset, ...] = ()
        self._serving = False

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Note the command. MkDocs keeps a plugin with this event while it serves, and so the last sound pages."""
        self._serving = command == "serve"

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Load and check everything, before MkDocs empties the old site.

        Raises:
            Abort: the content has problems; each is shown on a line.
        """
        packages = Path(config.config_file_path).parent
        root = Path(config.docs_dir)
        try:
            loaded, found = corpus.load(root, shown=os.path.relpath(root), packages=packages)
            if loaded is not None:
                self._assets = assets.collect(packages, loaded.plans)
        except (TypesetError, assets.AssetError) as error:
            raise Abort(str(error)) from error
        if loaded is not None:
            self._render(loaded, config)
        elif self._serving and self._texts:
            _LOG.error("the pages stay as they were until this is mended:\n%s", problems.as_text(found).rstrip())
        else:
            raise Abort(f"{problems.as_text(found)}{len(found)} problem{'s' if len(found) > 1 else ''} in the content")
        if not config.repo_url:
            config.edit_uri = ""  # no repository, so no address to edit at, and no button that leads nowhere
        # Here and not as custom_dir, so that the theme also comes from an installed package.
        config.theme.dirs.insert(0, str(_PACKAGE / "theme"))
        config.extra["digest"] = {"contributing": addresses.CONTRIBUTING}
        return config

    def _render(self, loaded: corpus.Corpus, config: MkDocsConfig) -> None:
        """Render all pages, so that what they were made from is let go before MkDocs fills the memory with its own."""
        drawings = figures.Drawings(Path(config.config_file_path).parent / ".cache" / "figures")
        models = pages.pages(
            loaded, _below(config, "source_uri"), commits=_below(config, "commit_uri"), drawings=drawings
        )
        self._sources = {page.file: page.source for page in models}
        # As bytes: in Python's memory a text with one letter of mathematics takes four for each of its characters.
        self._opaque = Opaque()
        self._texts = {page.file: self._opaque.take_out(render.render(page)).encode() for page in models}
        self._embeddings = {bare.file: render.render_embedding(bare) for bare in pages.embeddings(loaded)}
        self._files = {kept.path: kept.content for kept in pages.files(loaded, drawings, config.repo_url or None)}

    def _text(self, path: str) -> bytes:
        """A page's text: needed once in a build, but kept while serving."""
        return self._texts[path] if self._serving else self._texts.pop(path)

    def on_files(self, files: Files, /, *, config: MkDocsConfig) -> Files:
        """The content's sources out, the generated pages and assets in."""
        for file in list(files):
            if file.src_uri.endswith(_HIDDEN) or file.name == "LICENSE" or file.src_uri.startswith(_RUNS):
                files.remove(file)
        for path, source in self._sources.items():
            file = File.generated(config, path, content=self._text(path), inclusion=InclusionLevel.INCLUDED)
            file.edit_uri = source if config.repo_url else None
            files.append(file)
        # Not Markdown, so neither searched nor in the sitemap.
        for path, html in self._embeddings.items():
            files.append(File.generated(config, path, content=html))
        for path, content in self._files.items():
            files.append(File.generated(config, path, content=content))
        for asset in self._assets:
            files.append(File.generated(config, asset.path, content=asset.content))
        return files

    def on_nav(self, nav: Navigation, /, *, config: MkDocsConfig, files: Files) -> Navigation:
        """Pages outside the navigation are meant to be: rendering one takes time quadratic in their number."""
        for file in files.documentation_pages():
            if file.src_uri in self._sources and file.page is not None and file.page not in nav.pages:
                file.inclusion = InclusionLevel.NOT_IN_NAV
        return nav

    def on_page_context(
        self, context: TemplateContext, /, *, page: SitePage, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        """What the theme shows of a page's origin: the content file, whether or not a repository is set."""
        source = self._sources.get(page.file.src_uri, page.file.src_uri)
        context["digest_source"] = f"{Path(config.docs_dir).name}/{source}" if source else None  # type: ignore[typeddict-unknown-key]
        return context

    def on_post_page(self, output: str, /, *, page: SitePage, config: MkDocsConfig) -> str:
        """The page with its formulas and drawings, which neither Markdown nor the search has had to read."""
        return self._opaque.put_back(output)

    def on_serve(self, server: LiveReloadServer, /, *, config: MkDocsConfig, builder: object) -> LiveReloadServer:
        """Templates and assets are watched as well as the content."""
        for name in ("templates", "assets", "theme"):
            server.watch(str(_PACKAGE / name))
        return server


def _below(config: MkDocsConfig, key: str) -> str | None:
    """An address of the repository, such as that below which it shows its files, if there is a repository."""
    return f"{config.repo_url.rstrip('/')}/{config.extra.get(key, '')}" if config.repo_url else None
