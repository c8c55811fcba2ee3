/**
 * The service of a mount: the callbacks that decode the kernel's requests, and the threads that run them. {@code
 * FuseSession} puts these parts together; dependencies go downwards:
 *
 * <pre>{@code
 * Workers, Worker            threads: receive each request and run its callback
 *   Callbacks                libfuse's table of callbacks, made of the groups below
 *     NameCallbacks …        decode the arguments, call FileOperations, reply
 *       Requests             the frame around each request: one reply, errno, duration, interrupts
 *         Failures           the errno and the line in the log of a failed operation
 *       Credentials          as which user an operation runs
 *       Refusals             what the server denies a user, and what the user gets nevertheless
 *       DirectIo             which files bypass the kernel's page cache
 *       LateReplies          replies to writes that must not wait for the kernel
 *     Interrupts             signals to the program that waits for a request
 *       RequestSlots         the requests in progress
 *   Negotiation              the features of the connection, at its start
 *   Notifications            the port to the kernel's caches, as KernelCache for the share
 * }</pre>
 *
 * <p>In {@code fuse.protocol}, {@code ReceivedRequest} decodes requests, and {@code Reply} encodes replies.
 */
@NullMarked
package dev.ninepin.fuse.server;

import org.jspecify.annotations.NullMarked;
