"""The page at `/docs`, with script and style of our own: a plant has no Internet, and FastAPI's page fetches them."""

from pathlib import Path

import fastapi_offline
from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

ASSETS = Path(fastapi_offline.__file__).parent / "static"
"""A package that carries the files of Swagger UI."""


def serve_docs(app: FastAPI) -> None:
    """Show the API at `/docs`, behind whatever path a proxy puts before it."""

    async def page(request: Request) -> Response:
        root = request.scope.get("root_path", "")
        return get_swagger_ui_html(
            openapi_url=f"{root}/openapi.json",
            title=app.title,
            swagger_js_url=f"{root}/docs/static/swagger-ui-bundle.js",
            swagger_css_url=f"{root}/docs/static/swagger-ui.css",
            swagger_favicon_url=f"{root}/docs/static/favicon.png",
        )

    app.mount("/docs/static", StaticFiles(directory=ASSETS))
    app.add_route("/docs", page, include_in_schema=False)
