/**
 * The channel over illumos's character device vio9p, whose driver carries one message for each read or write call.
 */
@NullMarked
package dev.ninepin.channel.vio9p;

import org.jspecify.annotations.NullMarked;
