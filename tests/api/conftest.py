import pytest

from lib.operator import Operator
from lib.releases import Releases


@pytest.fixture
def admin(gateway):
    return Operator(gateway, gateway.admin_token)


@pytest.fixture
def releases(admin):
    return Releases(admin)


@pytest.fixture
def fleet(database):
    """fleet(1000, cohort="default", version="1.0.0"): devices dev-0000000, ... that have reported; their ids."""
    made = 0

    def make(count, cohort="default", version="1.0.0", hardware="board-a", software_type="main"):
        nonlocal made
        first, made = made, made + count
        database("""
            with new as (
              insert into device (project_id, device_id, cohort_id, software_type, software_version, hardware_version, last_seen)
              select p.id, 'dev-' || lpad(n::text, 7, '0'), c.id, %s, %s, %s, now()
                from project p join cohort c on c.project_id = p.id and c.slug = %s
               cross join generate_series(%s, %s) n
               where p.slug = 'default'
              returning project_id, device_id)
            insert into device_info (project_id, device_id) select project_id, device_id from new
            """, software_type, version, hardware, cohort, first, made - 1)
        return [f"dev-{n:07}" for n in range(first, made)]

    return make
