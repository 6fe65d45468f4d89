/* The quarterly report, for the command that prints reports. */
#ifndef WAITLIST_CTL_REPORT_KPI_H
#define WAITLIST_CTL_REPORT_KPI_H

#include "client/ctl/ctl.h"

/* As a struct ctl_command's run. */
int report_kpi(struct ctl_context *ctl, int argc, char **argv);

#endif
