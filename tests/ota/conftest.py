import pytest

from lib.operator import Operator
from lib.releases import Releases


@pytest.fixture
def admin(gateway):
    return Operator(gateway, gateway.admin_token)


@pytest.fixture
def releases(admin):
    return Releases(admin)
