package dev.ninepin.mounted;

import dev.ninepin.testing.ServerKind;

/** Tests on a mount that they share and leave empty, or on a mount of their own. */
interface OnAMount {
    /** Returns the mount that the tests share. It has the usual options and is empty at the start of each test. */
    TestMount mount();

    /** Returns the kind of server that the mount uses. */
    ServerKind kind();
}
