/** What the kernel keeps of a file's data, and when that must be dropped. */
@NullMarked
package dev.ninepin.share.cache;

import org.jspecify.annotations.NullMarked;
