/** Numbers of users and groups: their translation between server and host, also in POSIX ACLs. */
@NullMarked
package dev.ninepin.share.id;

import org.jspecify.annotations.NullMarked;
