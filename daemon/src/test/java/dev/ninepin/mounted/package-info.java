/**
 * Tests through real mounts in this process: from programs through FUSE, the share and the session to a real server.
 */
@NullMarked
package dev.ninepin.mounted;

import org.jspecify.annotations.NullMarked;
