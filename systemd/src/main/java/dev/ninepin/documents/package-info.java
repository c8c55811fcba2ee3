/** Build-time generators of documents from the descriptions of the commands. Not part of the product. */
@NullMarked
package dev.ninepin.documents;

import org.jspecify.annotations.NullMarked;
