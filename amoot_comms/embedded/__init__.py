from contextlib import contextmanager


@contextmanager
def services_for(argv):
    yield
