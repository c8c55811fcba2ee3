/** Open directories: their listings, and the cookies at which a listing goes on. */
@NullMarked
package dev.ninepin.share.dir;

import org.jspecify.annotations.NullMarked;
