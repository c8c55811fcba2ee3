package dev.ninepin.mounted;

/** Tests that are done on a mount, which they share and leave empty; or on one of their own. */
interface OnAMount {
    /** The mount that the tests share: with the usual options, empty at the beginning of each. */
    TestMount mount();

    /** The server behind it. */
    ServerKind kind();
}
