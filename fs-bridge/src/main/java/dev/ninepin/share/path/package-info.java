/** Requests over the paths of files, while these files and the directories above them are renamed. */
@NullMarked
package dev.ninepin.share.path;

import org.jspecify.annotations.NullMarked;
