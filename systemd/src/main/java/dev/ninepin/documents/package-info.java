/** What the build makes of the commands' descriptions. No part of the product. */
@NullMarked
package dev.ninepin.documents;

import org.jspecify.annotations.NullMarked;
