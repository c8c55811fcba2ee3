/**
 * The session: version negotiation, attach, tags, fids and the reply reader. {@link dev.ninepin.session.Session} has
 * one asynchronous method for each message.
 */
@NullMarked
package dev.ninepin.session;

import org.jspecify.annotations.NullMarked;
