package dev.ninepin.channel;

import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/**
 * Bytes to a server and back. A thread that waits in one of the directions holds up nobody in the other. An interrupt of
 * the thread that writes does no harm: it waits on, and its flag is set afterwards.
 */
interface ByteStream {
    /** What it leads to. */
    ChannelInfo info();

    /** What the server says; a read waits for at least one byte. */
    ReadableByteChannel input();

    /** What the server hears; a write waits for room. */
    WritableByteChannel output();

    /**
     * What is known of the server's end, to be put behind an error's text; empty if nothing. May wait a moment for it.
     */
    String lastWords();

    /** Ends both directions, and wakes whoever waits in them with an {@link java.io.IOException}. Called once. */
    void close();
}
