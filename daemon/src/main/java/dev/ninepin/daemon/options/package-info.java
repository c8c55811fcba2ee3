/** Sources and options, as users write them on command lines, in fstab and in configuration files. */
@NullMarked
package dev.ninepin.daemon.options;

import org.jspecify.annotations.NullMarked;
