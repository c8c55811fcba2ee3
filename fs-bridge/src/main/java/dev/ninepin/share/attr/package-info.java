/** Attributes: reading, changing, and which request reaches the file that is meant. */
@NullMarked
package dev.ninepin.share.attr;

import org.jspecify.annotations.NullMarked;
