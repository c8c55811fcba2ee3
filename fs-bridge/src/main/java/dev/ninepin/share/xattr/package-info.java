/** Extended attributes, access ACLs, and the default ACLs that new files inherit. */
@NullMarked
package dev.ninepin.share.xattr;

import org.jspecify.annotations.NullMarked;
