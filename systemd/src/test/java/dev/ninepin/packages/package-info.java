/** Tests of the contents of the packages. */
package dev.ninepin.packages;
