// A copy button beside a terminal session copies the commands alone, without their prompts and what they printed.
document$.subscribe(() => {
  for (const block of document.querySelectorAll(".language-console")) {
    const lines = block.querySelector("code").textContent.split("\n");
    const commands = [];
    let continues = false;
    for (const line of lines) {
      if (line.startsWith("$ ")) commands.push(line.slice(2));
      else if (continues) commands.push(line);
      else continue;
      continues = line.endsWith("\\");
    }
    for (const button of block.querySelectorAll("button")) {
      button.dataset.clipboardText = commands.join("\n");
    }
  }
});
