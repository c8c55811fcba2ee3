/** The service manager's interface: notifications and the watchdog. */
@NullMarked
package dev.ninepin.daemon.systemd;

import org.jspecify.annotations.NullMarked;
