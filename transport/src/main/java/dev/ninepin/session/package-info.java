/** The session: version, attach, tags, the fid table, the reply reader. One method per message, each asynchronous. */
@NullMarked
package dev.ninepin.session;

import org.jspecify.annotations.NullMarked;
