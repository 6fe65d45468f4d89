#!/usr/bin/python3
"""Reads what a systemd unit restricts, and says of each line whether launch.py applies it here."""

APPLIED = {
    "User", "DynamicUser", "Group", "SupplementaryGroups", "UMask", "LimitNOFILE", "LimitCORE", "TasksMax", "ProtectSystem", "ProtectHome", "PrivateTmp",
    "PrivateDevices", "PrivateUsers", "PrivateNetwork", "PrivateMounts", "ProtectProc", "ProcSubset", "ProtectKernelTunables", "ProtectControlGroups",
    "ProtectHostname", "KeyringMode", "NoNewPrivileges", "CapabilityBoundingSet", "AmbientCapabilities", "RestrictSUIDSGID",
    "RestrictNamespaces", "RestrictRealtime", "LockPersonality", "MemoryDenyWriteExecute", "RestrictAddressFamilies",
    "SystemCallArchitectures", "SystemCallFilter", "SystemCallErrorNumber", "ProtectKernelModules", "ProtectKernelLogs", "ProtectClock",
    "StateDirectory", "RuntimeDirectory", "ConfigurationDirectory", "StateDirectoryMode", "RuntimeDirectoryMode",
    "ConfigurationDirectoryMode", "BindReadOnlyPaths", "ReadWritePaths",
}
NOT_APPLIED = {
    "MemoryMax": "needs a control group of the service manager's",
    "MemorySwapMax": "needs a control group of the service manager's",
    "IPAddressDeny": "a filter that the service manager puts on its control group",
    "IPAddressAllow": "a filter that the service manager puts on its control group",
    "RemoveIPC": "done by the service manager after the end",
}
# What the service manager does with the process, and no restriction of it.
MANAGED = {
    "Type", "NotifyAccess", "ExecStart", "ExecStartPre", "ExecReload", "Restart", "RestartSec", "TimeoutStartSec", "TimeoutStopSec",
    "WatchdogSec", "Environment",
}
KNOWN_VALUES = {"ProtectSystem": {"strict"}, "ProtectHome": {"yes"}, "ProtectProc": {"invisible"}, "ProcSubset": {"pid"},
                "KeyringMode": {"private"}, "CapabilityBoundingSet": {""}, "AmbientCapabilities": {""}, "SystemCallArchitectures": {"native"}}


class UnitError(Exception):
    pass


class Unit:
    """The [Service] section of a unit file: each key with its values in order."""

    def __init__(self, path):
        self.path = path
        self.values = {}
        section = None
        with open(path, encoding="utf-8") as file:
            for line in file:
                line = line.strip()
                if line.startswith("["):
                    section = line
                elif line and not line.startswith(("#", ";")) and section == "[Service]":
                    key, value = line.split("=", 1)
                    self.values.setdefault(key.strip(), []).append(value.strip())
        unknown = set(self.values) - APPLIED - set(NOT_APPLIED) - MANAGED
        if unknown:
            raise UnitError("%s: the launcher of the tests does not know %s" % (path, ", ".join(sorted(unknown))))
        for key, values in KNOWN_VALUES.items():
            if self.last(key) is not None and self.last(key) not in values:
                raise UnitError("%s: the launcher of the tests does not know %s=%s" % (path, key, self.last(key)))

    def last(self, key):
        return self.values.get(key, [None])[-1]

    def is_on(self, key):
        return self.last(key) in ("yes", "true", "on", "1")

    def words(self, key):
        return " ".join(self.values.get(key, [])).split()

    def not_applied(self):
        """(line, reason) of what the launcher leaves out, in the unit's order."""
        return [("%s=%s" % (key, value), NOT_APPLIED[key]) for key in self.values for value in self.values[key] if key in NOT_APPLIED]

    def applied(self):
        return ["%s=%s" % (key, value) for key in self.values for value in self.values[key] if key in APPLIED]
