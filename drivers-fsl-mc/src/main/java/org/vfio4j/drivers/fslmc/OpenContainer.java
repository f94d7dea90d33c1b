// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.fslmc;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vfio4j.drivers.fslmc.HostCommands.ApiVersion;
import org.vfio4j.spi.fslmc.McObject;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A container this driver has open on its own portal, from probe to release. Spec: fsl-mc §3. */
final class OpenContainer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OpenContainer.class);

    /** Types others need, which are therefore found first. */
    private static final Set<String> ALLOCATABLE = Set.of("dpmcp", "dpcon", "dpbp");

    private static final int OLDEST_API = 6;

    private final McObject container;
    private final HostCommands commands;
    private final int token;
    private final ApiVersion version;

    private OpenContainer(McObject container, HostCommands commands, int token, ApiVersion version) {
        this.container = container;
        this.commands = commands;
        this.token = token;
        this.version = version;
    }

    /**
     * Opens a container.
     *
     * @throws VfioException EINVAL when it has no portal, ENOTSUPP when its firmware is too old, or a command's errno;
     *     nothing stays open then
     */
    static OpenContainer open(McObject container) {
        if (container.container() != null && container.regions().isEmpty()) {
            throw new VfioException(Errno.EINVAL, "probe refused: " + container.name() + " has no command portal");
        }
        var commands = new HostCommands(container);
        int token = commands.open(container.type(), container.id());
        try {
            commands.attributes(token);
            var version = commands.apiVersion();
            if (version.major() < OLDEST_API) {
                throw new VfioException(
                        Errno.ENOTSUPP,
                        "probe refused: " + container.name() + " speaks version " + version.major() + "."
                                + version.minor() + " of the container API, " + OLDEST_API + ".0 is needed");
            }
            return new OpenContainer(container, commands, token, version);
        } catch (RuntimeException e) {
            commands.close(token);
            throw e;
        }
    }

    /**
     * Finds what is in it, in the order in which it is to be bound.
     *
     * @throws VfioException when the objects cannot be counted; one that cannot be described is only left out
     */
    List<McObject> scan() {
        int count = commands.objectCount(token);
        List<McObject> first = new ArrayList<>();
        List<McObject> rest = new ArrayList<>();
        for (int index = 0; index < count; index++) {
            String name;
            try {
                name = commands.object(token, index);
            } catch (VfioException e) {
                LOG.warn("{}: object {} is left out: {}", container.name(), index, e.getMessage());
                continue;
            }
            container.children().stream()
                    .filter(child -> child.name().equals(name))
                    .filter(OpenContainer::sensible)
                    .forEach(child -> (ALLOCATABLE.contains(child.type()) ? first : rest).add(child));
        }
        first.addAll(rest);
        return first;
    }

    /** Objects of unknown types, and of types that cannot have the regions they claim, are left out. */
    private static boolean sensible(McObject object) {
        boolean regions = object.regions().isEmpty()
                || switch (object.type()) {
                    case "dprc", "dpmcp", "dpio" -> true;
                    default -> false;
                };
        if (!HostCommands.known(object.type()) || !regions) {
            LOG.warn("{} is left out: no such object is known", object.name());
            return false;
        }
        return true;
    }

    /** Resets everything directly inside. */
    void reset() {
        commands.resetContainer(token, container.id(), version);
    }

    /** Gives the token back; a failure is only logged. */
    @Override
    public void close() {
        try {
            commands.close(token);
        } catch (VfioException e) {
            LOG.warn("{} was not closed: {}", container.name(), e.getMessage());
        }
    }
}
