"""Who may do what: one table, enforced in one place, overridable in the settings."""

from collections.abc import Callable, Iterable, Mapping

ROLES = ("viewer", "operator", "lead", "quality", "engineer", "admin", "machine")

PEOPLE = frozenset(ROLES) - {"viewer", "machine"}
"""The roles in which people work."""

_EVERYBODY = frozenset(ROLES)
_WORKERS = _EVERYBODY - {"viewer"}

PERMISSIONS: Mapping[str, frozenset[str]] = {
    "read": _EVERYBODY,
    "run:order": frozenset({"lead", "engineer", "admin", "machine"}),
    "step:work": _WORKERS,
    "session:edit": frozenset({"lead", "admin"}),
    "step:fail": _WORKERS,
    "issue:open": _WORKERS,
    "redline:propose": frozenset({"lead", "quality", "engineer", "admin"}),
    "redline:approve": frozenset({"quality", "engineer", "admin"}),
    "gate:approve": frozenset({"lead", "quality", "engineer", "admin"}),
    "run:complete": frozenset({"lead", "quality", "admin"}),
    "run:fail": frozenset({"lead", "quality", "admin"}),
    "run:cancel": frozenset({"lead", "quality", "admin"}),
    "run:reopen": frozenset({"admin"}),
    "unit:install": _WORKERS,
    "unit:remove": _WORKERS,
    "unit:receive": _WORKERS,
    "unit:move": _WORKERS,
    "unit:scrap": frozenset({"quality", "admin"}),
    "requirement:edit": frozenset({"engineer", "admin"}),
    "issue:disposition": frozenset({"quality", "engineer", "admin"}),
    "issue:approve": frozenset({"quality", "engineer", "admin"}),
    "issue:configure": frozenset({"quality", "admin"}),
    "policy:configure": frozenset({"quality", "admin"}),
    "webhook:manage": frozenset({"admin"}),
    "parked:manage": frozenset({"admin"}),
    "history:import": frozenset({"admin"}),
}
"""The roles that hold each permission, by default."""


class PermissionsWrong(ValueError):
    """The permissions in the settings name something that does not exist."""


def permissions_of(overrides: Mapping[str, Iterable[str]]) -> Mapping[str, frozenset[str]]:
    """The table with some roles' permissions replaced.

    :raises PermissionsWrong: for an unknown role or permission.
    """
    for role, permissions in overrides.items():
        if role not in ROLES:
            raise PermissionsWrong(f"there is no role {role}; there are {', '.join(ROLES)}")
        if unknown := sorted(set(permissions) - set(PERMISSIONS)):
            raise PermissionsWrong(f"there is no permission {', '.join(unknown)}")
    return {
        permission: frozenset(role for role in ROLES if _holds(role, permission, roles, overrides))
        for permission, roles in PERMISSIONS.items()
    }


def allowing(table: Mapping[str, frozenset[str]]) -> Callable[[frozenset[str], str], bool]:
    """Whether one of some roles holds a permission, by this table."""

    def allows(roles: frozenset[str], permission: str) -> bool:
        return not roles.isdisjoint(table[permission])

    return allows


def _holds(role: str, permission: str, default: frozenset[str], overrides: Mapping[str, Iterable[str]]) -> bool:
    return permission in set(overrides[role]) if role in overrides else role in default
