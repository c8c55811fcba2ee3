/** The structures of FUSE's protocol as this mount writes and reads them. */
@NullMarked
package dev.ninepin.fuse.protocol;

import org.jspecify.annotations.NullMarked;
