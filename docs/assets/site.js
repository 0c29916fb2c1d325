// A copy button beside a terminal session copies the commands alone, without their prompts and what they printed.
document$.subscribe(() => {
  for (const block of document.querySelectorAll(".language-console")) {
    const commands = [...block.querySelectorAll(".t-command")].map((each) => each.textContent);
    for (const button of block.querySelectorAll("button")) button.dataset.clipboardText = commands.join("\n");
  }
});
