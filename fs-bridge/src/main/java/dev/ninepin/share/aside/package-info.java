/**
 * The files that are put aside: their hidden names, and the notes by which a later mount removes what a crash has left.
 */
@NullMarked
package dev.ninepin.share.aside;

import org.jspecify.annotations.NullMarked;
