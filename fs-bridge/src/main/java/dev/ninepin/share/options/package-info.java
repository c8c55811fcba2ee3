/** The options of a share. */
@NullMarked
package dev.ninepin.share.options;

import org.jspecify.annotations.NullMarked;
