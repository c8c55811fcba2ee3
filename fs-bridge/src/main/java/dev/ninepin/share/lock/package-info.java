/** File locks: those of the programs of this host, and the one lock for each file that the server is asked for. */
@NullMarked
package dev.ninepin.share.lock;

import org.jspecify.annotations.NullMarked;
