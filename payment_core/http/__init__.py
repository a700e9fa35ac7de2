"""The payment core over HTTP: routes, bodies, problem documents and OpenAPI."""
