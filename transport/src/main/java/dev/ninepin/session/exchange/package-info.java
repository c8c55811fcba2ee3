/** Requests and replies over one channel: tags, calls in flight, the reply reader, and how they fail. */
@NullMarked
package dev.ninepin.session.exchange;

import org.jspecify.annotations.NullMarked;
