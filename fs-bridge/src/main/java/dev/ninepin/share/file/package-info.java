/** Open files: opening and creating, reads and writes, and their close. */
@NullMarked
package dev.ninepin.share.file;

import org.jspecify.annotations.NullMarked;
