/** What the built packages hold. */
package dev.ninepin.packages;
