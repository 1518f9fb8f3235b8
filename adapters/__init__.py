"""One folder per framework. Installs as `introspect.adapters`."""

if __name__ == "adapters":
    raise ImportError("This folder is introspect.adapters; import it under that name.")
