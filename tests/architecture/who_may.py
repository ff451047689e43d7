"""Who may do what, written down a second time for the tests: the table of domain.md, and what each endpoint needs."""

from collections.abc import Iterator, Mapping

# domain.md section 10, word for word
TABLE = """
| permission | viewer | operator | lead | quality | engineer | admin | machine |
| --- | --- | --- | --- | --- | --- | --- | --- |
| `read` | x | x | x | x | x | x | x |
| `run:order` | | | x | | x | x | x |
| `step:work` | | x | x | x | x | x | x |
| `session:edit` | | | x | | | x | |
| `step:fail`, `issue:open` | | x | x | x | x | x | x |
| `redline:propose` | | | x | x | x | x | |
| `redline:approve` | | | | x | x | x | |
| `gate:approve` | | | x | x | x | x | |
| `run:complete` | | | x | x | | x | |
| `run:fail`, `run:cancel` | | | x | x | | x | |
| `run:reopen` | | | | | | x | |
| `unit:install`, `unit:remove`, `unit:receive`, `unit:move` | | x | x | x | x | x | x |
| `unit:scrap` | | | | x | | x | |
| `requirement:edit` | | | | | x | x | |
| `issue:disposition`, `issue:approve` | | | | x | x | x | |
| `issue:configure`, `policy:configure` | | | | x | | x | |
| `webhook:manage` | | | | | | x | |
| `parked:manage`, `history:import` | | | | | | x | |
"""

# what each endpoint needs; those of /parked are the same in every service
ENDPOINTS = {
    "run": """
        POST /runs                                            run:order
        GET  /runs                                            read
        GET  /runs/{run_id}                                   read
        GET  /runs/{run_id}/review                            read
        GET  /runs/{run_id}/summary                           read
        GET  /runs/{run_id}/steps                             read
        GET  /runs/{run_id}/export                            read
        GET  /runs/{run_id}/completions                       read
        POST /runs/{run_id}/steps/{step_id}/start             step:work
        PUT  /runs/{run_id}/steps/{step_id}/fields/{field_id} step:work
        POST /runs/{run_id}/steps/{step_id}/sign-off          step:work
        POST /runs/{run_id}/steps/{step_id}/fail              step:fail
        POST /runs/{run_id}/steps/{step_id}/acknowledge-failure issue:disposition
        POST /runs/{run_id}/steps/{step_id}/rework            step:work
        POST /runs/{run_id}/steps/{step_id}/hold              step:work
        POST /runs/{run_id}/steps/{step_id}/resume            step:work
        POST /runs/{run_id}/steps/{step_id}/cancel            step:work
        POST /runs/{run_id}/steps/{step_id}/check-in          step:work
        POST /runs/{run_id}/steps/{step_id}/check-out         step:work
        PATCH /runs/{run_id}/steps/{step_id}/sessions/{number} session:edit
        POST /runs/{run_id}/fail                              run:fail
        POST /runs/{run_id}/gates/{gate_id}/approve           gate:approve
        POST /runs/{run_id}/redlines                          redline:propose
        GET  /runs/{run_id}/redlines                          read
        GET  /runs/{run_id}/redlines/{redline_id}             read
        POST /runs/{run_id}/redlines/{redline_id}/apply       redline:approve
        POST /runs/{run_id}/redlines/{redline_id}/accept      redline:approve
        POST /runs/{run_id}/redlines/{redline_id}/reject      redline:approve
        POST /runs/{run_id}/redlines/{redline_id}/cancel      redline:propose
        POST /runs/{run_id}/comments                          step:work
        GET  /runs/{run_id}/comments                          read
        POST /runs/{run_id}/steps/{step_id}/comments          step:work
        GET  /runs/{run_id}/steps/{step_id}/comments          read
        POST /runs/{run_id}/files                             step:work
        GET  /runs/{run_id}/files                             read
        GET  /runs/{run_id}/files/{sha256}                    read
        POST /runs/{run_id}/complete                          run:complete
        POST /runs/{run_id}/cancel                            run:cancel
        POST /runs/{run_id}/reopen                            run:reopen
        GET  /runs/{run_id}/completions/compare               read
        GET  /runs/{run_id}/completions/{number}/b2mml        read
        GET  /runs/{run_id}/completions/{number}/report       read
        GET  /runs/{run_id}/reopen-impact                     read
        GET  /runs/{run_id}/refused-evidence                  read
        POST /runs/{run_id}/refused-evidence/{evidence_id}/settle run:complete
        GET  /policies                                        read
        PUT  /policies                                        policy:configure
    """,
    "inventory": """
        POST /units                                                unit:receive
        GET  /units                                                read
        GET  /units/{unit_id}                                      read
        GET  /units/{unit_id}/tree                                 read
        GET  /units/{unit_id}/requirements                         read
        POST /units/{unit_id}/requirements                         requirement:edit
        PATCH /units/{unit_id}/requirements/{requirement_id}       requirement:edit
        POST /units/{unit_id}/requirements/{requirement_id}/remove requirement:edit
        GET  /units/{unit_id}/installations                        read
        POST /units/{unit_id}/move                                 unit:move
        POST /units/{unit_id}/scrap                                unit:scrap
        POST /units/{unit_id}/return                               unit:move
        GET  /stock                                                read
        GET  /stock/withheld                                       read
        GET  /locations                                            read
        GET  /locations/{location}                                 read
        PUT  /locations/{location}                                 unit:move
        GET  /units/{unit_id}/as-built                             read
        GET  /units/{unit_id}/as-built/export                      read
        GET  /units/{unit_id}/where-used                           read
        GET  /units/{unit_id}/where-used/export                    read
        GET  /units/{unit_id}/next-higher-assembly                 read
        GET  /units/{unit_id}/as-built/compare                     read
        GET  /units/{unit_id}/as-built/against-plan                read
        GET  /units/{unit_id}/epcis                                read
        POST /units/{unit_id}/installations                        unit:install
        POST /units/{unit_id}/installations/{component_id}/remove  unit:remove
    """,
    "issue": """
        POST /issues                           issue:open
        GET  /issues                           read
        GET  /issues/{issue_id}                read
        POST /issues/{issue_id}/disposition    issue:disposition
        POST /issues/{issue_id}/approve        issue:approve
        POST /issues/{issue_id}/quarantine     unit:move
        POST /issues/{issue_id}/submit         issue:open
        POST /issues/{issue_id}/send-back      issue:disposition
        POST /issues/{issue_id}/resolve        issue:disposition
        POST /issues/{issue_id}/reopen         issue:disposition
        POST /issues/{issue_id}/comments       issue:open
        GET  /issues/{issue_id}/comments       read
        POST /issues/{issue_id}/files          issue:open
        GET  /issues/{issue_id}/files          read
        GET  /issues/{issue_id}/files/{sha256} read
        GET  /disposition-types                read
        PUT  /disposition-types/{name}         issue:configure
        GET  /disposition-types/{name}/impact  read
    """,
    "audit": """
        GET  /history            read
        GET  /history/{position} read
    """,
    "notification": """
        POST  /endpoints                          webhook:manage
        PATCH /endpoints/{endpoint_id}            webhook:manage
        POST  /endpoints/{endpoint_id}/secret     webhook:manage
        POST  /endpoints/{endpoint_id}/disable    webhook:manage
        POST  /endpoints/{endpoint_id}/enable     webhook:manage
        GET   /endpoints                          read
        GET   /endpoints/{endpoint_id}            read
        GET   /endpoints/{endpoint_id}/deliveries read
        GET   /deliveries/{delivery_id}           read
        POST  /deliveries/{delivery_id}/resend    webhook:manage
    """,
}
EVERYWHERE = """
        GET  /parked                      read
        GET  /parked/{parked_id}          read
        POST /parked/{parked_id}/retry    parked:manage
        POST /parked/{parked_id}/discard  parked:manage
"""
PUBLIC = {"GET /healthz/live", "GET /healthz/ready", "GET /metrics"}
PAGES = {"/openapi.json", "/docs", "/docs/static"}

# what a plant system's event needs its role, machine, to hold
PLANT = {
    "plant.run.ordered.v1": "run:order",
    "plant.run.canceled.v1": "run:order",
    "plant.step.started.v1": "step:work",
    "plant.step.value-recorded.v1": "step:work",
    "plant.step.signed-off.v1": "step:work",
    "plant.step.commented.v1": "step:work",
    "plant.step.failed.v1": "step:fail",
    "plant.step.held.v1": "step:work",
    "plant.step.resumed.v1": "step:work",
    "plant.step.file-attached.v1": "step:work",
    "plant.step.checked-in.v1": "step:work",
    "plant.step.checked-out.v1": "step:work",
    "plant.unit.received.v1": "unit:receive",
    "plant.unit.moved.v1": "unit:move",
    "plant.unit.scrapped.v1": "unit:scrap",
    "plant.unit.returned.v1": "unit:move",
    "plant.unit.installed.v1": "unit:install",
    "plant.unit.removed.v1": "unit:remove",
}


def _holders() -> Iterator[tuple[str, frozenset[str]]]:
    head, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.splitlines() if line.strip()
    )
    for permissions, *crosses in rows:
        roles = frozenset(role for role, cross in zip(head[1:], crosses, strict=True) if cross)
        for permission in permissions.split(","):
            yield permission.strip(" `"), roles


HOLDERS: Mapping[str, frozenset[str]] = dict(_holders())
ROLES = ("viewer", "operator", "lead", "quality", "engineer", "admin", "machine")


def needed(service: str) -> Mapping[str, str]:
    """What each endpoint of a service needs, by `METHOD /path`."""
    lines = (line.split() for line in (ENDPOINTS.get(service, "") + EVERYWHERE).splitlines() if line.strip())
    return {f"{method} {path}": permission for method, path, permission in lines}
