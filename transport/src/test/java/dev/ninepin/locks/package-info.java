/**
 * A monitor of the lock order that runs in every test. It checks the order in which the product takes its locks. It
 * also checks that no thread waits for an answer while it holds a lock that forbids this. The rules are in {@code
 * docs/architecture.md}, under "Locks and their order".
 */
package dev.ninepin.locks;
