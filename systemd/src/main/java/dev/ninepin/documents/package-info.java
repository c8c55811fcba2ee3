/** Generates manual pages and completion from the commands' descriptions. Not part of the product. */
@NullMarked
package dev.ninepin.documents;

import org.jspecify.annotations.NullMarked;
