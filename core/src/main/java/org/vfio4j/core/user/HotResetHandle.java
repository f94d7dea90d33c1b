// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.vfio4j.Group;
import org.vfio4j.HotReset;
import org.vfio4j.core.vfio.CdevFile;
import org.vfio4j.core.vfio.CoreDevice;
import org.vfio4j.spi.device.HotResetOps;
import org.vfio4j.spi.device.VfioGroupFile;

/** The hot reset of a device the program has open. */
final class HotResetHandle implements HotReset {
    private final OpenDeviceFile file;
    private final HotResetOps reset;

    HotResetHandle(OpenDeviceFile file, HotResetOps reset) {
        this.file = file;
        this.reset = reset;
    }

    @Override
    public List<Affected> affected() {
        return file.awake(ops -> reset.affected().stream()
                .map(one -> new Affected(one.device().name(), one.id()))
                .toList());
    }

    /** Who opened the device through its group owns that group, whatever became of the group's handle. */
    @Override
    public void perform(Group... groups) {
        var device = file.file().device();
        var own = device.group();
        var proofs = new ArrayList<VfioGroupFile>();
        if (!(file.file() instanceof CdevFile)) {
            proofs.add(member -> member instanceof CoreDevice known && known.isIn(own));
        }
        Deque<GroupHandle> held = new ArrayDeque<>();
        try {
            for (var group : groups) {
                if (!(group instanceof GroupHandle handle)) {
                    throw new IllegalArgumentException("this group was not opened here");
                }
                var shown = handle.hold();
                held.push(handle);
                if (proofs.isEmpty() || !shown.group().equals(own)) {
                    proofs.add(shown);
                }
            }
            file.awake(ops -> {
                reset.reset(proofs);
                return ops;
            });
        } finally {
            held.forEach(GroupHandle::letGo);
        }
    }
}
