// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.tree;

import org.jspecify.annotations.Nullable;
import org.vfio4j.ProcessOptions;
import org.vfio4j.core.process.LocalProcess;
import org.vfio4j.core.process.PathTree;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.memory.PhysicalMemory;

/** The tree as one process sees it: some nodes ask for that process' privileges when they are opened. */
public final class ProcessTree implements PathTree {
    private final DeviceTree tree;

    /** Set before the process is handed out, so before it can open anything. */
    private volatile @Nullable LocalProcess process;

    private ProcessTree(DeviceTree tree) {
        this.tree = tree;
    }

    /** Makes a process that sees a tree. */
    public static LocalProcess newProcess(DeviceTree tree, PhysicalMemory memory, ProcessOptions options) {
        var view = new ProcessTree(tree);
        var process = new LocalProcess(view, memory, options);
        view.process = process;
        return process;
    }

    @Override
    public UapiFile open(String path, int flags) {
        var caller = process;
        if (caller == null) {
            throw new IllegalStateException("the process is not made yet");
        }
        return tree.open(caller, path);
    }
}
