// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import picocli.CommandLine;
import picocli.CommandLine.IFactory;

/** Gives every command the session it runs in. */
final class CommandFactory implements IFactory {
    private final Session session;

    CommandFactory(Session session) {
        this.session = session;
    }

    @Override
    public <K> K create(Class<K> type) throws Exception {
        if (MachineCommand.class.isAssignableFrom(type)) {
            var command = (MachineCommand) type.getDeclaredConstructor().newInstance();
            command.use(session);
            return type.cast(command);
        }
        return CommandLine.defaultFactory().create(type);
    }
}
