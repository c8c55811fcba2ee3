package dev.ninepin.testing;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A snapshot of the resources of this process. A snapshot before and one after an action show what the action left
 * behind.
 *
 * @param descriptors the open files, each with its number and target
 * @param threads the threads, by number and name
 * @param children the descendant processes, by PID
 */
public record Leftovers(SortedSet<String> descriptors, SortedSet<String> threads, SortedSet<Long> children) {
    /** Returns a snapshot, without what the JVM opens for itself at any time. */
    public static Leftovers now() throws IOException {
        return new Leftovers(openDescriptors(), liveThreads(), childProcesses());
    }

    /**
     * Blocks until this process holds nothing new since this snapshot. Fails after a timeout and names the new
     * resources.
     */
    public void awaitNothingNew() {
        // On this thread, because Awaitility's own thread would be new.
        await().pollInSameThread().untilAsserted(() -> {
            final Leftovers now = now();
            assertThat(descriptors).as("file descriptors").containsAll(now.descriptors);
            assertThat(threads).as("threads").containsAll(now.threads);
            assertThat(children).as("processes").containsAll(now.children);
        });
    }

    private static SortedSet<String> openDescriptors() throws IOException {
        return ProcessFiles.of(ProcessHandle.current().pid()).entrySet().stream()
                // Without the directory listing itself, and the jars that classes come from.
                .filter(file ->
                        !file.getValue().endsWith("/fd") && !file.getValue().endsWith(".jar"))
                .map(file -> file.getKey() + " -> " + file.getValue())
                .collect(toCollection(TreeSet::new));
    }

    private static SortedSet<String> liveThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                // The JDK keeps the thread that waited for a process for another minute.
                .filter(thread -> !thread.getName().startsWith("process reaper"))
                .map(thread -> thread.getId() + " " + thread.getName())
                .collect(toCollection(TreeSet::new));
    }

    private static SortedSet<Long> childProcesses() {
        return ProcessHandle.current().descendants().map(ProcessHandle::pid).collect(toCollection(TreeSet::new));
    }
}
