// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.vfio4j.ProcessOptions;
import org.vfio4j.core.process.LocalProcess;
import org.vfio4j.core.tree.CoreTree;
import org.vfio4j.core.tree.ProcessTree;
import org.vfio4j.spi.memory.PhysicalMemory;

/** The raw callers of this program. Those still running at the end are ended. Thread-safe. */
@Singleton
final class Processes {
    private final CoreTree tree;
    private final PhysicalMemory memory;
    private final Set<LocalProcess> running = ConcurrentHashMap.newKeySet();

    @Inject
    Processes(CoreTree tree, PhysicalMemory memory) {
        this.tree = tree;
        this.memory = memory;
    }

    LocalProcess start(ProcessOptions options) {
        running.removeIf(process -> !process.memory().alive());
        var process = ProcessTree.newProcess(tree, memory, options);
        running.add(process);
        return process;
    }

    void close() {
        running.forEach(LocalProcess::close);
        running.clear();
    }
}
