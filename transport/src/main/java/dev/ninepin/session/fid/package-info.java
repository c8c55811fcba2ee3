/** The fids of a session: their numbers, the table of path fids, and the walks that make them. */
@NullMarked
package dev.ninepin.session.fid;

import org.jspecify.annotations.NullMarked;
