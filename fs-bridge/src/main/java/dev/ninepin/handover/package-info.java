/** What a mount's program passes on to the program that replaces it: records of plain data, and their file format. */
@NullMarked
package dev.ninepin.handover;

import org.jspecify.annotations.NullMarked;
