/** Names in directories: lookups, and the operations that make, rename and remove names. */
@NullMarked
package dev.ninepin.share.name;

import org.jspecify.annotations.NullMarked;
