/**
 * Looks on, in every test, in which order the product takes its locks, and that it waits for no answer under those that
 * are not to be held meanwhile. What is right stands in {@code docs/architecture.md}, under "Locks and their order".
 */
package dev.ninepin.locks;
