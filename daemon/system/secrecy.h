/* Keeping what a process knows inside it: keys, and references of people, must not reach a disk through a crash. */
#ifndef WAITLIST_SYSTEM_SECRECY_H
#define WAITLIST_SYSTEM_SECRECY_H

/* No core dumps, of whatever kind, and nobody but root looks into the process's memory. Called first of all in main. What it starts later
 * leaves no core files either, but can be looked into as usual. Where it cannot be done, standard error says so in the program's name. */
void secrecy_begin(const char *program);

#endif
