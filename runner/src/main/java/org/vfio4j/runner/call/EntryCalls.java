// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.call;

import static org.vfio4j.runner.notify.SystemCallNumber.*;

import org.jspecify.annotations.Nullable;
import org.vfio4j.runner.notify.Call;
import org.vfio4j.runner.notify.CallHandler;
import org.vfio4j.runner.path.NamedPath;
import org.vfio4j.runner.path.TreeView;
import org.vfio4j.runner.trace.Trace;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Calls that make, rename or take away a directory's entries: in the machine's part there are none that programs may. Where it is
 * mounted the file system says so.
 */
final class EntryCalls {
    private static final int AT_FDCWD = -100;

    private final TreeView view;
    private final NamedPath paths;
    private final Trace trace;

    EntryCalls(TreeView view, NamedPath paths, Trace trace) {
        this.view = view;
        this.paths = paths;
        this.trace = trace;
    }

    void register(@Nullable CallHandler[] handlers) {
        handlers[MKDIR] = call -> finish(call, makes(call, AT_FDCWD, 0));
        handlers[MKDIRAT] = call -> finish(call, makes(call, call.intArgument(0), 1));
        handlers[MKNOD] = handlers[MKDIR];
        handlers[MKNODAT] = handlers[MKDIRAT];
        handlers[SYMLINK] = call -> finish(call, makes(call, AT_FDCWD, 1));
        handlers[SYMLINKAT] = call -> finish(call, makes(call, call.intArgument(1), 2));
        handlers[LINK] = handlers[SYMLINK];
        handlers[LINKAT] = call -> finish(call, makes(call, call.intArgument(2), 3));
        handlers[RMDIR] = call -> finish(call, removes(call, AT_FDCWD, 0));
        handlers[UNLINK] = handlers[RMDIR];
        handlers[UNLINKAT] = call -> finish(call, removes(call, call.intArgument(0), 1));
        handlers[RENAME] = call -> finish(call, removes(call, AT_FDCWD, 0) || removes(call, AT_FDCWD, 1));
        handlers[RENAMEAT] =
                call -> finish(call, removes(call, call.intArgument(0), 1) || removes(call, call.intArgument(2), 3));
        handlers[RENAMEAT2] = handlers[RENAMEAT];
    }

    private static void finish(Call call, boolean refused) {
        if (!refused) {
            call.proceed();
        }
    }

    private boolean makes(Call call, int directory, int argument) {
        return refuse(call, directory, argument, "make", Errno.EEXIST, Errno.EPERM);
    }

    private boolean removes(Call call, int directory, int argument) {
        return refuse(call, directory, argument, "move or remove", Errno.EPERM, Errno.ENOENT);
    }

    /** Whether the path was one of the machine's, and the call was refused therefore. */
    private boolean refuse(Call call, int directory, int argument, String what, Errno present, Errno absent) {
        String path = paths.read(call, directory, call.argument(argument));
        if (path == null) {
            return false;
        }
        VfioException reason;
        try {
            var place = view.walk(call, path, false);
            if (!place.ours()) {
                return false;
            }
            reason = new VfioException(
                    place.node().isPresent() ? present : absent,
                    "programs can neither make nor remove anything in the machine's directories");
        } catch (VfioException unreachable) {
            reason = unreachable;
        }
        call.refuse(reason.errno());
        trace.refused(call, () -> what + " \"" + path + "\"", reason);
        return true;
    }
}
