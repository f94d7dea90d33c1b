// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.call;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.vfio4j.ffm.LinuxDirectories;
import org.vfio4j.ffm.LinuxFiles;
import org.vfio4j.ffm.LinuxRemoteMemory;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.path.FileStatus;
import org.vfio4j.runner.path.TreeView;
import org.vfio4j.runner.process.ProcLinks;
import org.vfio4j.runner.process.Task;
import org.vfio4j.runner.process.Tasks;
import org.vfio4j.uapi.Errno;

/**
 * {@code getdents64} on a directory that the machine and the real system both have: the program has the real one open, and its
 * first read is given what the machine has more.
 */
final class ListCalls {
    private final TreeView view;
    private final Tasks tasks;

    ListCalls(TreeView view, Tasks tasks) {
        this.view = view;
        this.tasks = tasks;
    }

    void getdents(Call call) {
        // Most directories are others: the thread is not looked for before that is known.
        String path = ProcLinks.read(call, "/proc/" + call.tid() + "/fd/" + call.intArgument(0))
                .filter(view::isMerged)
                .orElse(null);
        Task task = path == null ? null : tasks.of(call);
        if (path == null || task == null) {
            call.proceed();
            return;
        }
        int directory = task.process().share(call.intArgument(0));
        if (directory < 0) {
            call.proceed();
            return;
        }
        try {
            list(call, path, directory);
        } finally {
            LinuxFiles.close(directory);
        }
    }

    private void list(Call call, String path, int directory) {
        if (LinuxDirectories.position(directory) != 0) {
            call.proceed();
            return;
        }
        MemorySegment room = call.bounce().asSlice(0, Math.min(call.argument(2) & 0xffff_ffffL, Call.BOUNCE_SIZE));
        int ours = fill(path, room);
        // Whoever has no room for ours and one more gets the real ones only: the position can only stay or move with
        // them.
        long real = ours < 0 ? -1 : LinuxDirectories.read(directory, room.asSlice(ours));
        if (real <= 0) {
            call.proceed();
            return;
        }
        MemorySegment all = room.asSlice(0, ours + real);
        if (LinuxRemoteMemory.write(call.tid(), call.argument(1), all) != all.byteSize()) {
            call.refuse(Errno.EFAULT);
            return;
        }
        call.answer(all.byteSize());
    }

    /** How many bytes were filled; -1 when the room is too small. */
    private int fill(String path, MemorySegment room) {
        int at = 0;
        for (var entry : view.additional(path).entrySet()) {
            byte[] name = entry.getKey().getBytes(StandardCharsets.UTF_8);
            int size = LinuxDirectories.ENTRY_NAME + name.length + 1 + 7 & ~7;
            if (at + size > room.byteSize()) {
                return -1;
            }
            var status = FileStatus.inDirectory(entry.getValue(), path + "/" + entry.getKey());
            MemorySegment one = room.asSlice(at, size).fill((byte) 0);
            one.set(ValueLayout.JAVA_LONG, LinuxDirectories.ENTRY_INODE, status.inode());
            one.set(ValueLayout.JAVA_SHORT, LinuxDirectories.ENTRY_LENGTH, (short) size);
            one.set(ValueLayout.JAVA_BYTE, LinuxDirectories.ENTRY_TYPE, (byte) (status.mode() >>> 12));
            MemorySegment.copy(name, 0, one, ValueLayout.JAVA_BYTE, LinuxDirectories.ENTRY_NAME, name.length);
            at += size;
        }
        return at;
    }
}
